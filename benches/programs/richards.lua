-- Polymorphic methods: a small operating system hands packets between six tasks, n times.
local IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = 1, 2, 3, 4, 5, 6

local function class(parent)
  local methods = setmetatable({}, {__index = parent})
  methods.__index = methods
  return methods
end

local Packet = class()

function Packet.new(next, to, is_work)
  return setmetatable({next = next, to = to, is_work = is_work, sent = 0, data = {0, 0, 0, 0}}, Packet)
end

-- Puts the packet at the end of a queue; returns the queue.
function Packet:append_to(queue)
  self.next = nil
  if queue == nil then return self end
  local last = queue
  while last.next ~= nil do last = last.next end
  last.next = self
  return queue
end

local Task = class()

function Task:set_up(system, id, priority, queue)
  self.system = system
  self.id = id
  self.priority = priority
  self.queue = queue
  self.next = nil
  self.held = false
  self.waiting = true
  self.ready = queue ~= nil
end

function Task:blocked()
  if self.held then return true
  elseif self.waiting then return not self.ready
  else return false end
end

-- Runs until the next switch; returns the task to go on with.
function Task:resume()
  if not self.waiting then return self:step(nil) end
  local packet = self.queue
  self.queue = packet.next
  self.waiting = false
  self.ready = self.queue ~= nil
  return self:step(packet)
end

-- Takes a packet from the current task; returns the one of higher priority.
function Task:receive(packet, current)
  if self.queue == nil then
    self.queue = packet
    self.ready = true
    if self.priority > current.priority then return self end
  else
    self.queue = packet:append_to(self.queue)
  end
  return current
end

local IdleTask = class(Task)

function IdleTask.new(system, rounds)
  local self = setmetatable({}, IdleTask)
  self:set_up(system, IDLE, 0, nil)
  self.waiting = false
  self.rounds = rounds
  self.seed = 74755
  return self
end

function IdleTask:step()
  self.rounds = self.rounds - 1
  if self.rounds == 0 then return self.system:hold_current() end
  self.seed = self.seed * 16807 % 2147483647
  if self.seed % 2 == 0 then
    return self.system:release(DEVICE_A)
  else
    return self.system:release(DEVICE_B)
  end
end

local WorkerTask = class(Task)

function WorkerTask.new(system, queue)
  local self = setmetatable({}, WorkerTask)
  self:set_up(system, WORKER, 1000, queue)
  self.handler = HANDLER_A
  self.letter = 0
  return self
end

function WorkerTask:step(packet)
  if packet == nil then return self.system:suspend_current() end
  if self.handler == HANDLER_A then
    self.handler = HANDLER_B
  else
    self.handler = HANDLER_A
  end
  packet.to = self.handler
  packet.sent = 0
  local i = 1
  while i <= 4 do
    self.letter = self.letter + 1
    if self.letter > 26 then self.letter = 1 end
    packet.data[i] = self.letter
    i = i + 1
  end
  return self.system:send(packet)
end

local HandlerTask = class(Task)

function HandlerTask.new(system, id, priority, queue)
  local self = setmetatable({}, HandlerTask)
  self:set_up(system, id, priority, queue)
  self.work = nil
  self.free = nil
  return self
end

function HandlerTask:step(packet)
  if packet ~= nil then
    if packet.is_work then
      self.work = packet:append_to(self.work)
    else
      self.free = packet:append_to(self.free)
    end
  end
  local work = self.work
  if work ~= nil then
    local sent = work.sent
    if sent >= 4 then
      self.work = work.next
      return self.system:send(work)
    end
    local free = self.free
    if free ~= nil then
      self.free = free.next
      free.sent = work.data[sent + 1]
      work.sent = sent + 1
      return self.system:send(free)
    end
  end
  return self.system:suspend_current()
end

local DeviceTask = class(Task)

function DeviceTask.new(system, id, priority)
  local self = setmetatable({}, DeviceTask)
  self:set_up(system, id, priority, nil)
  self.packet = nil
  return self
end

function DeviceTask:step(packet)
  if packet ~= nil then
    self.packet = packet
    return self.system:hold_current()
  end
  local kept = self.packet
  if kept == nil then return self.system:suspend_current() end
  self.packet = nil
  return self.system:send(kept)
end

local System = class()

function System.new()
  return setmetatable({tasks = {}, first = nil, current = nil, sent = 0, holds = 0}, System)
end

function System:add(task)
  task.next = self.first
  self.first = task
  self.tasks[task.id] = task
end

function System:run()
  self.current = self.first
  while self.current ~= nil do
    if self.current:blocked() then
      self.current = self.current.next
    else
      self.current = self.current:resume()
    end
  end
end

function System:release(id)
  local task = self.tasks[id]
  task.held = false
  if task.priority > self.current.priority then return task end
  return self.current
end

function System:hold_current()
  self.holds = self.holds + 1
  self.current.held = true
  return self.current.next
end

function System:suspend_current()
  self.current.waiting = true
  return self.current
end

function System:send(packet)
  local task = self.tasks[packet.to]
  self.sent = self.sent + 1
  packet.next = nil
  packet.to = self.current.id
  return task:receive(packet, self.current)
end

local function packets(count, to, is_work)
  local queue = nil
  for _ = 1, count do queue = Packet.new(queue, to, is_work) end
  return queue
end

local function simulate()
  local system = System.new()
  system:add(IdleTask.new(system, 1000))
  system:add(WorkerTask.new(system, packets(2, WORKER, true)))
  system:add(HandlerTask.new(system, HANDLER_A, 2000, packets(3, DEVICE_A, false)))
  system:add(HandlerTask.new(system, HANDLER_B, 3000, packets(3, DEVICE_B, false)))
  system:add(DeviceTask.new(system, DEVICE_A, 4000))
  system:add(DeviceTask.new(system, DEVICE_B, 5000))
  system:run()
  return system.sent * 10000 + system.holds
end

local function run(rounds)
  local total = 0
  for _ = 1, rounds do total = total + simulate() end
  return total
end

print(string.format("%.0f", run(tonumber(arg[1]))))
