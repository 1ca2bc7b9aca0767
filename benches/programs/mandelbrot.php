<?php
// Floats in a loop: points of an n by n grid that stay in the Mandelbrot set.
function stays(float $cx, float $cy): bool
{
    $x = 0.0;
    $y = 0.0;
    for ($i = 0; $i < 50; $i++) {
        $xx = $x * $x;
        $yy = $y * $y;
        if ($xx + $yy > 4.0) {
            return false;
        }
        $y = 2.0 * $x * $y + $cy;
        $x = $xx - $yy + $cx;
    }
    return true;
}

function run(int $size): int
{
    $inside = 0;
    for ($row = 0; $row < $size; $row++) {
        $cy = 2.0 * $row / $size - 1.0;
        for ($column = 0; $column < $size; $column++) {
            if (stays(2.0 * $column / $size - 1.5, $cy)) {
                $inside += 1;
            }
        }
    }
    return $inside;
}

echo run((int) $argv[1]), "\n";
