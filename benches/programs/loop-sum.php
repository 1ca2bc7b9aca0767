<?php
// Small ints in a loop: the sum of the numbers below n.
function sum_below(int $n): int
{
    $total = 0;
    $i = 0;
    while ($i < $n) {
        $total += $i;
        $i += 1;
    }
    return $total;
}

echo sum_below((int) $argv[1]), "\n";
