<?php
// Floats in nested arrays: multiplies two n by n matrices.
function matrix(int $size, float $scale): array
{
    $rows = [];
    for ($i = 0; $i < $size; $i++) {
        $row = [];
        for ($j = 0; $j < $size; $j++) {
            $row[] = ($i - $j) * ($i + $j) * $scale;
        }
        $rows[] = $row;
    }
    return $rows;
}

function transpose(array $m, int $size): array
{
    $rows = [];
    for ($i = 0; $i < $size; $i++) {
        $row = [];
        foreach ($m as $other) {
            $row[] = $other[$i];
        }
        $rows[] = $row;
    }
    return $rows;
}

function dot(array $a, array $b, int $size): float
{
    $sum = 0.0;
    for ($k = 0; $k < $size; $k++) {
        $sum += $a[$k] * $b[$k];
    }
    return $sum;
}

function multiply(array $a, array $b, int $size): array
{
    $columns = transpose($b, $size);
    $rows = [];
    foreach ($a as $left) {
        $row = [];
        foreach ($columns as $right) {
            $row[] = dot($left, $right, $size);
        }
        $rows[] = $row;
    }
    return $rows;
}

function run(int $size): int
{
    $product = multiply(matrix($size, 0.0005), matrix($size, 0.00025), $size);
    $middle = $size >> 1;
    return (int) dot($product[$middle], $product[0], $size);
}

echo run((int) $argv[1]), "\n";
