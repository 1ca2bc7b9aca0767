-- Arrays of flags: counts the ways to place eight queens, n times.
local function flags(count)
  local items = {}
  for i = 1, count do items[i] = true end
  return items
end

local Board = {}
Board.__index = Board

function Board.new(size)
  return setmetatable({
    size = size,
    rows = flags(size),
    rising = flags(size * 2),
    falling = flags(size * 2),
    ways = 0,
  }, Board)
end

function Board:place(column)
  if column == self.size then
    self.ways = self.ways + 1
    return
  end
  local row = 0
  while row < self.size do
    local up = row + column + 1
    local down = row - column + self.size + 1
    if self.rows[row + 1] then
      if self.rising[up] then
        if self.falling[down] then
          self:set(row + 1, up, down, false)
          self:place(column + 1)
          self:set(row + 1, up, down, true)
        end
      end
    end
    row = row + 1
  end
end

function Board:set(row, up, down, free)
  self.rows[row] = free
  self.rising[up] = free
  self.falling[down] = free
end

local function run(rounds)
  local total = 0
  for _ = 1, rounds do
    local board = Board.new(8)
    board:place(0)
    total = total + board.ways
  end
  return total
end

print(run(tonumber(arg[1])))
