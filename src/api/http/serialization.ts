// Answers are written by their schemas, whose code is made as first-uses.ts says.

import createFactory from '@fastify/fast-json-stringify-compiler'
import type { FirstUses } from './first-uses.ts'
import { formats } from './validation.ts'

export function serializersAtFirstUse(uses: FirstUses): createFactory.SerializerFactory {
  return (schemas, options) => {
    // Which of several shapes an answer has is found by checking it.
    const compile = createFactory.SerializerSelector()(schemas, { ...options, ajv: { formats } })
    return (route) => {
      const serializer = uses.of(() => compile(route))
      return (answer) => serializer()(answer)
    }
  }
}
