/** Clients that are not among the root's `devDependencies`: in this folder, Node finds their packages. */
export { Redis as Upstash } from '@upstash/redis'
export * as ioredis5 from 'ioredis-5'
export * as redis4 from 'redis-4'
export * as redis5 from 'redis-5'
