# Fields and methods: a hundred balls bounce in a box for n steps.
import sys


class Random:
    def __init__(self):
        self.seed = 74755

    def below(self, limit):
        self.seed = self.seed * 16807 % 2147483647
        return self.seed % limit


class Ball:
    def __init__(self, random):
        self.x = random.below(500)
        self.y = random.below(500)
        self.dx = random.below(300) - 150
        self.dy = random.below(300) - 150

    def step(self):
        """Moves on; returns whether a wall was hit."""
        hit = False
        self.x += self.dx
        self.y += self.dy
        if self.x > 500:
            self.x = 500
            self.dx = 0 - abs(self.dx)
            hit = True
        if self.x < 0:
            self.x = 0
            self.dx = abs(self.dx)
            hit = True
        if self.y > 500:
            self.y = 500
            self.dy = 0 - abs(self.dy)
            hit = True
        if self.y < 0:
            self.y = 0
            self.dy = abs(self.dy)
            hit = True
        return hit


def run(steps):
    random = Random()
    balls = [Ball(random) for _ in range(100)]
    bounces = 0
    for _ in range(steps):
        for ball in balls:
            if ball.step():
                bounces += 1
    return bounces


print(run(int(sys.argv[1])))
