// Floats in fields: n steps of five bodies that attract each other.
class Body {
  constructor(x, y, z, vx, vy, vz, mass) {
    this.x = x;
    this.y = y;
    this.z = z;
    this.vx = vx;
    this.vy = vy;
    this.vz = vz;
    this.mass = mass;
  }
}

function bodies() {
  return [
    new Body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 40.0),
    new Body(5.0, -1.0, -0.1, 0.6, 2.8, -0.02, 0.04),
    new Body(8.0, 4.0, -0.4, -1.0, 1.8, 0.008, 0.01),
    new Body(13.0, -15.0, -0.2, 1.1, 0.9, -0.01, 0.002),
    new Body(15.0, -26.0, 0.2, 1.0, 0.6, -0.03, 0.002),
  ];
}

function attract(a, b, dt) {
  const dx = a.x - b.x;
  const dy = a.y - b.y;
  const dz = a.z - b.z;
  const square = dx * dx + dy * dy + dz * dz;
  const pull = dt / (square * Math.sqrt(square));
  const fromB = b.mass * pull;
  const fromA = a.mass * pull;
  a.vx -= dx * fromB;
  a.vy -= dy * fromB;
  a.vz -= dz * fromB;
  b.vx += dx * fromA;
  b.vy += dy * fromA;
  b.vz += dz * fromA;
}

function advance(all, dt) {
  const count = all.length;
  for (let i = 0; i < count; i++) {
    const a = all[i];
    for (let j = i + 1; j < count; j++) attract(a, all[j], dt);
  }
  for (const body of all) {
    body.x += dt * body.vx;
    body.y += dt * body.vy;
    body.z += dt * body.vz;
  }
}

function energy(all) {
  let sum = 0.0;
  for (const body of all) {
    const square = body.vx * body.vx + body.vy * body.vy + body.vz * body.vz;
    sum += 0.5 * body.mass * square;
  }
  return sum;
}

function run(steps) {
  const all = bodies();
  for (let i = 0; i < steps; i++) advance(all, 0.01);
  return Math.floor(energy(all) * 1000000000.0);
}

console.log(run(Number(process.argv[2])));
