-- Text to data and back: writes n records as JSON, parses the text, and writes the result.
local Parser = {}
Parser.__index = Parser

function Parser:byte()
  return self.text:byte(self.at)
end

function Parser:fail(expected)
  error("expected " .. expected .. " at " .. self.at)
end

function Parser:value()
  local byte = self:byte()
  if byte == 123 then return self:object()
  elseif byte == 91 then return self:array()
  elseif byte == 34 then return self:string()
  else return self:number() end
end

function Parser:object()
  local result = {}
  self.at = self.at + 1
  while self:byte() ~= 125 do
    local key = self:string()
    if self:byte() ~= 58 then self:fail("a colon") end
    self.at = self.at + 1
    result[key] = self:value()
    if self:byte() == 44 then self.at = self.at + 1 end
  end
  self.at = self.at + 1
  return result
end

function Parser:array()
  local result = {}
  self.at = self.at + 1
  while self:byte() ~= 93 do
    result[#result + 1] = self:value()
    if self:byte() == 44 then self.at = self.at + 1 end
  end
  self.at = self.at + 1
  return result
end

function Parser:string()
  if self:byte() ~= 34 then self:fail("a string") end
  self.at = self.at + 1
  local start = self.at
  while self:byte() ~= 34 do self.at = self.at + 1 end
  local stop = self.at
  self.at = self.at + 1
  return self.text:sub(start, stop - 1)
end

function Parser:number()
  local negative = self:byte() == 45
  if negative then self.at = self.at + 1 end
  local start = self.at
  local number = 0
  local digit = self:byte() - 48
  while 0 <= digit and digit <= 9 do
    number = number * 10 + digit
    self.at = self.at + 1
    digit = self:byte() - 48
  end
  if self.at == start then self:fail("a value") end
  return negative and 0 - number or number
end

local function map(items, f)
  local result = {}
  for i, item in ipairs(items) do result[i] = f(item) end
  return result
end

local function quoted(text)
  return '"' .. text .. '"'
end

local function write_size(size)
  return '{"w":' .. tostring(size.w) .. ',"h":' .. tostring(size.h) .. "}"
end

local function write_record(record)
  return '{"id":' .. tostring(record.id)
    .. ',"name":' .. quoted(record.name)
    .. ',"tags":[' .. table.concat(map(record.tags, quoted), ",")
    .. '],"size":' .. write_size(record.size) .. "}"
end

local function write(records)
  return "[" .. table.concat(map(records, write_record), ",") .. "]"
end

local function make_record(i)
  local tags = {}
  for _ = 1, i % 4 do tags[#tags + 1] = "tag" .. #tags end
  return {id = i, name = "item " .. i, tags = tags, size = {w = i * 3, h = 500 - i}}
end

local function run(count)
  local records = {}
  local i = 0
  while i < count do
    records[i + 1] = make_record(i)
    i = i + 1
  end
  local text = write(records)
  local parsed = setmetatable({text = text, at = 1}, Parser):value()
  if write(parsed) ~= text then
    error("what was written differs from what was read")
  end
  local sum = 0
  for _, record in ipairs(parsed) do
    local size = record.size
    sum = sum + size.w + size.h + #record.tags
  end
  return #text .. " " .. sum
end

print(run(tonumber(arg[1])))
