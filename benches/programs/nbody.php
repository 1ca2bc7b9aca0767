<?php
// Floats in fields: n steps of five bodies that attract each other.
class Body
{
    public function __construct(
        public float $x,
        public float $y,
        public float $z,
        public float $vx,
        public float $vy,
        public float $vz,
        public float $mass,
    ) {}
}

function bodies(): array
{
    return [
        new Body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 40.0),
        new Body(5.0, -1.0, -0.1, 0.6, 2.8, -0.02, 0.04),
        new Body(8.0, 4.0, -0.4, -1.0, 1.8, 0.008, 0.01),
        new Body(13.0, -15.0, -0.2, 1.1, 0.9, -0.01, 0.002),
        new Body(15.0, -26.0, 0.2, 1.0, 0.6, -0.03, 0.002),
    ];
}

function attract(Body $a, Body $b, float $dt): void
{
    $dx = $a->x - $b->x;
    $dy = $a->y - $b->y;
    $dz = $a->z - $b->z;
    $square = $dx * $dx + $dy * $dy + $dz * $dz;
    $pull = $dt / ($square * sqrt($square));
    $fromB = $b->mass * $pull;
    $fromA = $a->mass * $pull;
    $a->vx -= $dx * $fromB;
    $a->vy -= $dy * $fromB;
    $a->vz -= $dz * $fromB;
    $b->vx += $dx * $fromA;
    $b->vy += $dy * $fromA;
    $b->vz += $dz * $fromA;
}

function advance(array $all, float $dt): void
{
    $count = count($all);
    for ($i = 0; $i < $count; $i++) {
        $a = $all[$i];
        for ($j = $i + 1; $j < $count; $j++) {
            attract($a, $all[$j], $dt);
        }
    }
    foreach ($all as $body) {
        $body->x += $dt * $body->vx;
        $body->y += $dt * $body->vy;
        $body->z += $dt * $body->vz;
    }
}

function energy(array $all): float
{
    $sum = 0.0;
    foreach ($all as $body) {
        $square = $body->vx * $body->vx + $body->vy * $body->vy + $body->vz * $body->vz;
        $sum += 0.5 * $body->mass * $square;
    }
    return $sum;
}

function run(int $steps): int
{
    $all = bodies();
    for ($i = 0; $i < $steps; $i++) {
        advance($all, 0.01);
    }
    return (int) (energy($all) * 1000000000.0);
}

echo run((int) $argv[1]), "\n";
