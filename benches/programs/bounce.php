<?php
// Fields and methods: a hundred balls bounce in a box for n steps.
class Random
{
    private int $seed = 74755;

    public function below(int $limit): int
    {
        $this->seed = $this->seed * 16807 % 2147483647;
        return $this->seed % $limit;
    }
}

class Ball
{
    private int $x;
    private int $y;
    private int $dx;
    private int $dy;

    public function __construct(Random $random)
    {
        $this->x = $random->below(500);
        $this->y = $random->below(500);
        $this->dx = $random->below(300) - 150;
        $this->dy = $random->below(300) - 150;
    }

    // Moves on; returns whether a wall was hit.
    public function step(): bool
    {
        $hit = false;
        $this->x += $this->dx;
        $this->y += $this->dy;
        if ($this->x > 500) {
            $this->x = 500;
            $this->dx = 0 - abs($this->dx);
            $hit = true;
        }
        if ($this->x < 0) {
            $this->x = 0;
            $this->dx = abs($this->dx);
            $hit = true;
        }
        if ($this->y > 500) {
            $this->y = 500;
            $this->dy = 0 - abs($this->dy);
            $hit = true;
        }
        if ($this->y < 0) {
            $this->y = 0;
            $this->dy = abs($this->dy);
            $hit = true;
        }
        return $hit;
    }
}

function run(int $steps): int
{
    $random = new Random();
    $balls = [];
    for ($i = 0; $i < 100; $i++) {
        $balls[] = new Ball($random);
    }
    $bounces = 0;
    for ($i = 0; $i < $steps; $i++) {
        foreach ($balls as $ball) {
            if ($ball->step()) {
                $bounces += 1;
            }
        }
    }
    return $bounces;
}

echo run((int) $argv[1]), "\n";
