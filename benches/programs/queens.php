<?php
// Arrays of flags: counts the ways to place eight queens, n times.
function flags(int $count): array
{
    $items = [];
    for ($i = 0; $i < $count; $i++) {
        $items[] = true;
    }
    return $items;
}

class Board
{
    private array $rows;
    private array $rising;
    private array $falling;
    public int $ways = 0;

    public function __construct(private int $size)
    {
        $this->rows = flags($size);
        $this->rising = flags($size * 2);
        $this->falling = flags($size * 2);
    }

    public function place(int $column): void
    {
        if ($column === $this->size) {
            $this->ways += 1;
            return;
        }
        $row = 0;
        while ($row < $this->size) {
            $up = $row + $column;
            $down = $row - $column + $this->size;
            if ($this->rows[$row]) {
                if ($this->rising[$up]) {
                    if ($this->falling[$down]) {
                        $this->set($row, $up, $down, false);
                        $this->place($column + 1);
                        $this->set($row, $up, $down, true);
                    }
                }
            }
            $row += 1;
        }
    }

    public function set(int $row, int $up, int $down, bool $free): void
    {
        $this->rows[$row] = $free;
        $this->rising[$up] = $free;
        $this->falling[$down] = $free;
    }
}

function run(int $rounds): int
{
    $total = 0;
    for ($round = 0; $round < $rounds; $round++) {
        $board = new Board(8);
        $board->place(0);
        $total += $board->ways;
    }
    return $total;
}

echo run((int) $argv[1]), "\n";
