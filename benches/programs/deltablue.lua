-- Objects of many classes: an incremental constraint solver keeps a chain and a
-- projection of n variables consistent while they are edited.
local max = math.max

-- Strengths: the smaller, the stronger.
local REQUIRED, PREFERRED, STRONG_DEFAULT, NORMAL, WEAKEST = 0, 2, 3, 4, 6
local NONE, FORWARD, BACKWARD = 0, 1, 2

local function class(parent)
  local methods = setmetatable({}, {__index = parent})
  methods.__index = methods
  return methods
end

local function truncate(x)
  return x < 0 and math.ceil(x) or math.floor(x)
end

local Variable = class()

function Variable.new(value)
  return setmetatable({
    value = value,
    constraints = {},
    determined_by = nil,
    mark = 0,
    strength = WEAKEST,
    stay = true,
  }, Variable)
end

function Variable:drop(constraint)
  local kept = {}
  for _, c in ipairs(self.constraints) do
    if c ~= constraint then kept[#kept + 1] = c end
  end
  self.constraints = kept
  if self.determined_by == constraint then self.determined_by = nil end
end

local Constraint = class()

function Constraint:is_input() return false end

-- Finds a way to hold; returns the weaker constraint that had to give way.
function Constraint:satisfy(mark, planner)
  self:choose(mark)
  if not self:satisfied() then
    if self.strength == REQUIRED then error("a required constraint cannot be satisfied") end
    return nil
  end
  self:mark_inputs(mark)
  local output = self:output()
  local overridden = output.determined_by
  if overridden ~= nil then overridden:release() end
  output.determined_by = self
  if not planner:propagate(self, mark) then error("a cycle of constraints") end
  output.mark = mark
  return overridden
end

local UnaryConstraint = class(Constraint)

function UnaryConstraint:set_up(variable, strength, planner)
  self.variable = variable
  self.strength = strength
  self.holds = false
  variable.constraints[#variable.constraints + 1] = self
  planner:add(self)
  return self
end

function UnaryConstraint:output() return self.variable end
function UnaryConstraint:satisfied() return self.holds end
function UnaryConstraint:release() self.holds = false end
function UnaryConstraint:mark_inputs() end
function UnaryConstraint:inputs_known() return true end
function UnaryConstraint:execute() end

function UnaryConstraint:choose(mark)
  if self.variable.mark == mark then
    self.holds = false
  else
    self.holds = self.strength < self.variable.strength
  end
end

function UnaryConstraint:recalculate()
  self.variable.strength = self.strength
  self.variable.stay = not self:is_input()
end

function UnaryConstraint:unlink()
  self.variable:drop(self)
  self.holds = false
end

local StayConstraint = class(UnaryConstraint)

function StayConstraint.new(variable, strength, planner)
  return setmetatable({}, StayConstraint):set_up(variable, strength, planner)
end

local EditConstraint = class(UnaryConstraint)

function EditConstraint.new(variable, strength, planner)
  return setmetatable({}, EditConstraint):set_up(variable, strength, planner)
end

function EditConstraint:is_input() return true end

local BinaryConstraint = class(Constraint)

function BinaryConstraint:link(first, second, strength)
  self.first = first
  self.second = second
  self.strength = strength
  self.direction = NONE
  first.constraints[#first.constraints + 1] = self
  second.constraints[#second.constraints + 1] = self
end

function BinaryConstraint:input()
  if self.direction == FORWARD then return self.first else return self.second end
end

function BinaryConstraint:output()
  if self.direction == FORWARD then return self.second else return self.first end
end

function BinaryConstraint:satisfied() return self.direction ~= NONE end
function BinaryConstraint:release() self.direction = NONE end

function BinaryConstraint:mark_inputs(mark)
  local input = self:input()
  input.mark = mark
end

function BinaryConstraint:inputs_known(mark)
  local input = self:input()
  if input.mark == mark then return true
  elseif input.stay then return true
  else return input.determined_by == nil end
end

function BinaryConstraint:choose(mark)
  self.direction = NONE
  if self.first.mark == mark then
    if self.second.mark ~= mark then
      if self.strength < self.second.strength then self.direction = FORWARD end
    end
  elseif self.second.mark == mark then
    if self.strength < self.first.strength then self.direction = BACKWARD end
  elseif self.first.strength > self.second.strength then
    if self.strength < self.first.strength then self.direction = BACKWARD end
  elseif self.strength < self.second.strength then
    self.direction = FORWARD
  end
end

function BinaryConstraint:recalculate()
  local output = self:output()
  local input = self:input()
  output.strength = max(self.strength, input.strength)
  output.stay = self:stays(input)
  if output.stay then self:execute() end
end

function BinaryConstraint:stays(input) return input.stay end

function BinaryConstraint:unlink()
  self.first:drop(self)
  self.second:drop(self)
  self.direction = NONE
end

local EqualConstraint = class(BinaryConstraint)

function EqualConstraint.new(first, second, strength, planner)
  local self = setmetatable({}, EqualConstraint)
  self:link(first, second, strength)
  planner:add(self)
  return self
end

function EqualConstraint:execute()
  local output = self:output()
  local input = self:input()
  output.value = input.value
end

-- second = first * scale + offset
local ScaleConstraint = class(BinaryConstraint)

function ScaleConstraint.new(first, scale, offset, second, strength, planner)
  local self = setmetatable({}, ScaleConstraint)
  self:link(first, second, strength)
  self.scale = scale
  self.offset = offset
  scale.constraints[#scale.constraints + 1] = self
  offset.constraints[#offset.constraints + 1] = self
  planner:add(self)
  return self
end

function ScaleConstraint:mark_inputs(mark)
  BinaryConstraint.mark_inputs(self, mark)
  self.scale.mark = mark
  self.offset.mark = mark
end

function ScaleConstraint:stays(input)
  return input.stay and self.scale.stay and self.offset.stay
end

function ScaleConstraint:execute()
  if self.direction == FORWARD then
    self.second.value = self.first.value * self.scale.value + self.offset.value
  else
    self.first.value = truncate((self.second.value - self.offset.value) / self.scale.value)
  end
end

local Planner = class()

function Planner.new() return setmetatable({mark = 0}, Planner) end

function Planner:new_mark()
  self.mark = self.mark + 1
  return self.mark
end

function Planner:add(constraint)
  local mark = self:new_mark()
  local overridden = constraint:satisfy(mark, self)
  while overridden ~= nil do overridden = overridden:satisfy(mark, self) end
end

function Planner:remove(constraint)
  local output = constraint:output()
  constraint:release()
  constraint:unlink()
  local waiting = self:retract(output)
  local strength = REQUIRED
  while strength <= WEAKEST do
    for _, other in ipairs(waiting) do
      if other.strength == strength then self:add(other) end
    end
    strength = strength + 1
  end
end

-- Recalculates what depends on a constraint; false if it depends on itself.
function Planner:propagate(constraint, mark)
  local todo = {constraint}
  while #todo > 0 do
    local next = table.remove(todo)
    local output = next:output()
    if output.mark == mark then
      self:remove(constraint)
      return false
    end
    next:recalculate()
    self:add_consumers(output, todo)
  end
  return true
end

-- Recalculates what depended on a variable; returns what no longer holds.
function Planner:retract(output)
  output.determined_by = nil
  output.strength = WEAKEST
  output.stay = true
  local waiting = {}
  local todo = {output}
  while #todo > 0 do
    local variable = table.remove(todo)
    for _, constraint in ipairs(variable.constraints) do
      if not constraint:satisfied() then waiting[#waiting + 1] = constraint end
    end
    local consumers = {}
    self:add_consumers(variable, consumers)
    for _, constraint in ipairs(consumers) do
      constraint:recalculate()
      todo[#todo + 1] = constraint:output()
    end
  end
  return waiting
end

function Planner:add_consumers(variable, list)
  local determining = variable.determined_by
  for _, constraint in ipairs(variable.constraints) do
    if constraint ~= determining then
      if constraint:satisfied() then list[#list + 1] = constraint end
    end
  end
end

-- The constraints to execute, in order, when the input of `source` changes.
function Planner:plan(source)
  local mark = self:new_mark()
  local steps = {}
  local todo = {source}
  while #todo > 0 do
    local constraint = table.remove(todo)
    local output = constraint:output()
    if output.mark ~= mark then
      if constraint:inputs_known(mark) then
        steps[#steps + 1] = constraint
        output.mark = mark
        self:add_consumers(output, todo)
      end
    end
  end
  return steps
end

local function edit(planner, variable, values, check)
  local constraint = EditConstraint.new(variable, PREFERRED, planner)
  local steps = planner:plan(constraint)
  for _, value in ipairs(values) do
    variable.value = value
    for _, step in ipairs(steps) do step:execute() end
    check(value)
  end
  planner:remove(constraint)
end

local function expect(actual, expected)
  if actual ~= expected then error("expected " .. expected .. ", got " .. actual) end
end

local function chain(length)
  local planner = Planner.new()
  local variables = {}
  for i = 1, length + 1 do variables[i] = Variable.new(0) end
  for i = 1, length do
    EqualConstraint.new(variables[i], variables[i + 1], REQUIRED, planner)
  end
  local last = variables[length + 1]
  StayConstraint.new(last, STRONG_DEFAULT, planner)
  local values = {}
  for value = 1, 100 do values[value] = value end
  edit(planner, variables[1], values, function(value) expect(last.value, value) end)
  return last.value
end

local function projection(length)
  local planner = Planner.new()
  local scale = Variable.new(10)
  local offset = Variable.new(1000)
  local sources = {}
  local targets = {}
  for i = 1, length do
    local source = Variable.new(i - 1)
    local target = Variable.new(i - 1)
    sources[i] = source
    targets[i] = target
    StayConstraint.new(source, NORMAL, planner)
    ScaleConstraint.new(source, scale, offset, target, REQUIRED, planner)
  end
  local source = sources[length]
  local target = targets[length]
  local values = {17, 18, 19, 20, 21}
  edit(planner, source, values, function(value) expect(target.value, value * 10 + 1000) end)
  edit(planner, target, {1050, 1060, 1070}, function(value)
    expect(source.value, truncate((value - 1000) / 10))
  end)
  edit(planner, scale, values, function() end)
  edit(planner, offset, {2000, 3000, 4000}, function() end)
  local sum = 0
  for _, variable in ipairs(targets) do sum = sum + variable.value end
  return sum
end

local function run(length)
  return chain(length) + projection(length)
end

print(string.format("%.0f", run(tonumber(arg[1]))))
