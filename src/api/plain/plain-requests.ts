// What a request needs that is answered without fastify: to be asked first, to be let in as by the
// hooks of every call, and the headers that those give to every answer.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Admission } from '../http/admission.ts'
import type { OriginHeaders } from '../http/cross-origin.ts'

export type PlainRequests = Pick<Admission, 'admits' | 'taken'> & {
  /** Names and values in turn, to be added to. */
  head(request: IncomingMessage): string[]
  /** True where it answers, or will: fastify is not asked then. To be called once at most. */
  answerBy(answer: (request: IncomingMessage, response: ServerResponse) => boolean): void
}
type PlainParts = {
  admission: Admission
  securityHeaders: readonly string[]
  originHeaders: OriginHeaders
}

/** To be called before anybody else listens to the requests of the server. */
export function usePlainRequests({ server }: FastifyInstance, parts: PlainParts): PlainRequests {
  const { admission, securityHeaders, originHeaders } = parts
  return {
    ...admission,
    head({ headers }) {
      const head = [...securityHeaders, ...originHeaders(headers.origin)]
      if (admission.isClosing()) head.push('connection', 'close')
      return head
    },
    answerBy(answer) {
      const [byFastify] = server.listeners('request')
      if (byFastify === undefined) throw new Error('fastify does not listen to its server')
      server.off('request', byFastify as () => void)
      server.on('request', (request, response) => {
        if (!answer(request, response)) byFastify.call(server, request, response)
      })
    },
  }
}
