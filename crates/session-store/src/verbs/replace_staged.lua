if redis.call('GETRANGE', KEYS[1], ARGV[1], -1) ~= ARGV[2] then
  redis.call('DEL', KEYS[2])
  return 0
end
if redis.call(ARGV[3], KEYS[2], unpack(ARGV, 4)) == 0 then
  return redis.error_reply('UNSTAGED The new text is not there')
end
local renamed = redis.pcall('RENAME', KEYS[2], KEYS[1])
if renamed.err then
  redis.call('DEL', KEYS[2])
  return renamed
end
return 1
