// Answers are written by their schemas, whose code is made as first-uses.ts says.

import createFactory from '@fastify/fast-json-stringify-compiler'
import type { FirstUses } from './first-uses.ts'

export function serializersAtFirstUse(uses: FirstUses): createFactory.SerializerFactory {
  return (schemas, options) => {
    const compile = createFactory.SerializerSelector()(schemas, options)
    return (route) => {
      const serializer = uses.of(() => compile(route))
      return (answer) => serializer()(answer)
    }
  }
}
