<?php
// Allocation: builds trees of arrays, n of them, and counts their nodes.
class Random
{
    private int $seed = 74755;

    public function next(): int
    {
        $this->seed = $this->seed * 16807 % 2147483647;
        return $this->seed;
    }
}

function grow(int $depth, Random $random): array
{
    if ($depth === 1) {
        return [$random->next()];
    }
    return [
        grow($depth - 1, $random),
        grow($depth - 1, $random),
        grow($depth - 1, $random),
        grow($depth - 1, $random),
    ];
}

function count_nodes(array $tree): int
{
    if (count($tree) === 1) {
        return $tree[0] % 2;
    }
    $total = 1;
    foreach ($tree as $branch) {
        $total += count_nodes($branch);
    }
    return $total;
}

function run(int $rounds): int
{
    $random = new Random();
    $total = 0;
    for ($round = 0; $round < $rounds; $round++) {
        $total += count_nodes(grow(7, $random));
    }
    return $total;
}

echo run((int) $argv[1]), "\n";
