if redis.call('GETRANGE', KEYS[1], ARGV[1], -1) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], unpack(ARGV, 4))
return 1
