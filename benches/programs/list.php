<?php
// Linked lists and deep recursion: the Takeuchi function on lengths of lists, n times.
class Cell
{
    public function __construct(public ?Cell $next) {}
}

function list_of(int $length): ?Cell
{
    return $length === 0 ? null : new Cell(list_of($length - 1));
}

function shorter(?Cell $a, ?Cell $b): bool
{
    while ($b !== null) {
        if ($a === null) {
            return true;
        }
        $a = $a->next;
        $b = $b->next;
    }
    return false;
}

function tail(?Cell $a, ?Cell $b, ?Cell $c): ?Cell
{
    if (shorter($b, $a)) {
        return tail(tail($a->next, $b, $c), tail($b?->next, $c, $a), tail($c?->next, $a, $b));
    }
    return $c;
}

function length(?Cell $list): int
{
    $total = 0;
    while ($list !== null) {
        $total += 1;
        $list = $list->next;
    }
    return $total;
}

function run(int $rounds): int
{
    $total = 0;
    for ($round = 0; $round < $rounds; $round++) {
        $total += length(tail(list_of(15), list_of(10), list_of(6)));
    }
    return $total;
}

echo run((int) $argv[1]), "\n";
