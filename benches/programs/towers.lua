-- Objects in linked stacks: moves a tower of thirteen disks, n times.
local Towers = {}
Towers.__index = Towers

function Towers.new(disks)
  local self = setmetatable({piles = {}, moves = 0}, Towers)
  while disks > 0 do
    self:push({size = disks, below = nil}, 0)
    disks = disks - 1
  end
  return self
end

function Towers:push(disk, pile)
  local top = self.piles[pile + 1]
  if top and disk.size >= top.size then
    error("a large disk on a small one")
  end
  disk.below = top
  self.piles[pile + 1] = disk
end

function Towers:pop(pile)
  local top = self.piles[pile + 1]
  self.piles[pile + 1] = top.below
  return top
end

function Towers:move(count, from, to)
  if count == 1 then
    self:push(self:pop(from), to)
    self.moves = self.moves + 1
  else
    local other = 3 - from - to
    self:move(count - 1, from, other)
    self:move(1, from, to)
    self:move(count - 1, other, to)
  end
end

local function run(rounds)
  local total = 0
  for _ = 1, rounds do
    local towers = Towers.new(13)
    towers:move(13, 0, 1)
    total = total + towers.moves
  end
  return total
end

print(run(tonumber(arg[1])))
