<?php
// Array swaps and recursion: visits every order of seven numbers, n times.
function swap(array &$items, int $i, int $j): void
{
    $kept = $items[$i];
    $items[$i] = $items[$j];
    $items[$j] = $kept;
}

// Visits the orders of the first `count` items; returns how many there are,
// weighted by what then stands in front.
function visit(array &$items, int $count): int
{
    if ($count === 0) {
        return $items[0] + 1;
    }
    $total = visit($items, $count - 1);
    $last = $count - 1;
    for ($i = 0; $i < $last; $i++) {
        swap($items, $i, $last);
        $total += visit($items, $count - 1);
        swap($items, $i, $last);
    }
    return $total;
}

function run(int $rounds): int
{
    $total = 0;
    for ($round = 0; $round < $rounds; $round++) {
        $items = [0, 1, 2, 3, 4, 5, 6];
        $total += visit($items, 7);
    }
    return $total;
}

echo run((int) $argv[1]), "\n";
