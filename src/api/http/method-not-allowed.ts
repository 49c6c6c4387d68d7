// 404 and 405: a path that exists under other methods names them in Allow.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendProblem } from './problems.ts'

/** Before the routes: it learns them as they are registered. */
export function useUnknownPaths(app: FastifyInstance): void {
  const known = new Map<string, { shape: RegExp; methods: Set<string> }>()

  app.addHook('onRoute', ({ url, method }) => {
    const path = known.get(url) ?? { shape: shapeOf(url), methods: new Set() }
    for (const each of [method].flat()) path.methods.add(each)
    known.set(url, path)
  })
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const methods = [...known.values()].flatMap(({ shape, methods: allowed }) =>
      shape.test(path) ? [...allowed] : [],
    )
    if (methods.length === 0) return sendProblem(reply, 'unknown-path')
    reply.header('allow', [...new Set(methods)].join(', '))
    return sendProblem(reply, 'method-not-allowed')
  })
}

function shapeOf(url: string): RegExp {
  const pattern = url.replaceAll('.', '\\.').replaceAll(/:[A-Za-z]+/g, '[^/]+')
  return new RegExp(`^${pattern}$`)
}
