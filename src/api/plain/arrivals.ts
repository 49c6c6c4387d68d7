// When each request reached this node, as soon as its head was read: before its token was judged
// and its body came, which may take longer for one than for the next.

import type { FastifyInstance } from 'fastify'
import type { Clock, Moment } from '../../ports/clock.ts'

declare module 'fastify' {
  interface FastifyRequest {
    arrivedAt: Moment
  }
}

/** To be called before other hooks are added. */
export function useArrivals(app: FastifyInstance, clock: Clock): void {
  app.decorateRequest('arrivedAt', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.arrivedAt = clock.monotonic()
    done()
  })
}
