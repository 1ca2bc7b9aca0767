# Floats in fields: n steps of five bodies that attract each other.
import sys
from math import sqrt


class Body:
    def __init__(self, x, y, z, vx, vy, vz, mass):
        self.x = x
        self.y = y
        self.z = z
        self.vx = vx
        self.vy = vy
        self.vz = vz
        self.mass = mass


def bodies():
    return [
        Body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 40.0),
        Body(5.0, -1.0, -0.1, 0.6, 2.8, -0.02, 0.04),
        Body(8.0, 4.0, -0.4, -1.0, 1.8, 0.008, 0.01),
        Body(13.0, -15.0, -0.2, 1.1, 0.9, -0.01, 0.002),
        Body(15.0, -26.0, 0.2, 1.0, 0.6, -0.03, 0.002),
    ]


def attract(a, b, dt):
    dx = a.x - b.x
    dy = a.y - b.y
    dz = a.z - b.z
    square = dx * dx + dy * dy + dz * dz
    pull = dt / (square * sqrt(square))
    from_b = b.mass * pull
    from_a = a.mass * pull
    a.vx -= dx * from_b
    a.vy -= dy * from_b
    a.vz -= dz * from_b
    b.vx += dx * from_a
    b.vy += dy * from_a
    b.vz += dz * from_a


def advance(all, dt):
    count = len(all)
    i = 0
    while i < count:
        a = all[i]
        j = i + 1
        while j < count:
            attract(a, all[j], dt)
            j += 1
        i += 1
    for body in all:
        body.x += dt * body.vx
        body.y += dt * body.vy
        body.z += dt * body.vz


def energy(all):
    total = 0.0
    for body in all:
        square = body.vx * body.vx + body.vy * body.vy + body.vz * body.vz
        total += 0.5 * body.mass * square
    return total


def run(steps):
    all = bodies()
    for _ in range(steps):
        advance(all, 0.01)
    return int(energy(all) * 1000000000.0)


print(run(int(sys.argv[1])))
