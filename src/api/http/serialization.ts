// Answers are written by their schemas. Each is compiled when it is first used: the schemas of all
// calls take a quarter of a second, of which a start has no use.

import createFactory from '@fastify/fast-json-stringify-compiler'

export const serializersAtFirstUse: createFactory.SerializerFactory = (schemas, options) => {
  let compile: createFactory.SerializerCompiler | undefined
  return (route) => {
    let serialize: createFactory.Serializer | undefined
    return (answer) => {
      compile ??= createFactory.SerializerSelector()(schemas, options)
      serialize ??= compile(route)
      return serialize(answer)
    }
  }
}
