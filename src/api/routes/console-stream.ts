// The event stream of the console: what a page shows while a sale goes on, whatever it looks at.

import { sessionOf } from '../console/sessions.ts'
import type { Streams } from '../console/streams.ts'
import { callerOf } from '../http/auth.ts'
import { type Route, route } from '../http/route.ts'

export function consoleStreamRoute(streams: Streams): Route {
  return route({
    call: 'GET /console/stream',
    caller: 'viewer',
    tag: 'console',
    operationId: 'streamConsole',
    summary: 'Coupons, figures and lights of all nodes: the state, then what has changed',
    description:
      'Server-sent events, twice a second: `state` first, with all coupons and five minutes of ' +
      'figures, then `change` with the coupons and the second that are new. It ends with the ' +
      'token, and a reader that is too slow is cut off; 503 `console_streams` where as many are ' +
      'open as may be.',
    answers: { 200: { type: 'string' } },
    contentType: 'text/event-stream',
    answer(request) {
      const session = sessionOf(callerOf(request))
      if (session === null) return { problem: 'forbidden' }
      // Whoever only asks for the headers reads no stream.
      const body = request.method === 'HEAD' ? '' : streams.open(session)
      return body === null ? tooMany : { status: 200, body, headers: streamHeaders }
    },
  })
}

const tooMany = {
  kind: 'unavailable',
  reason: 'console_streams',
  retryAfterSeconds: 3,
} as const
const streamHeaders = {
  // Its connection carries nothing else, and ends with it.
  connection: 'close',
  'x-accel-buffering': 'no',
}
