// Fields and methods: a hundred balls bounce in a box for n steps.
class Random {
  constructor() {
    this.seed = 74755;
  }
  below(limit) {
    this.seed = (this.seed * 16807) % 2147483647;
    return this.seed % limit;
  }
}

class Ball {
  constructor(random) {
    this.x = random.below(500);
    this.y = random.below(500);
    this.dx = random.below(300) - 150;
    this.dy = random.below(300) - 150;
  }

  // Moves on; returns whether a wall was hit.
  step() {
    let hit = false;
    this.x += this.dx;
    this.y += this.dy;
    if (this.x > 500) { this.x = 500; this.dx = 0 - Math.abs(this.dx); hit = true; }
    if (this.x < 0) { this.x = 0; this.dx = Math.abs(this.dx); hit = true; }
    if (this.y > 500) { this.y = 500; this.dy = 0 - Math.abs(this.dy); hit = true; }
    if (this.y < 0) { this.y = 0; this.dy = Math.abs(this.dy); hit = true; }
    return hit;
  }
}

function run(steps) {
  const random = new Random();
  const balls = [];
  for (let i = 0; i < 100; i++) balls.push(new Ball(random));
  let bounces = 0;
  for (let i = 0; i < steps; i++) {
    for (const ball of balls) if (ball.step()) bounces += 1;
  }
  return bounces;
}

console.log(run(Number(process.argv[2])));
