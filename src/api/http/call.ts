// What each route says about itself beside its schema: who may call it, and which problems of its
// own it may answer. The hooks and the OpenAPI document both come from here.

import type { ProblemSlug } from './problems.ts'
import type { CallHook, CallHooks } from './server-parts.ts'

export type CallConfig = { caller: keyof CallHooks; problems: readonly ProblemSlug[] }

declare module 'fastify' {
  interface FastifyContextConfig {
    call?: CallConfig
  }
}

export type CallOptions = { config: { call: CallConfig }; onRequest: CallHook[] }

export function callOptions<Caller extends keyof CallHooks>(
  hooks: Pick<CallHooks, Caller>,
  call: CallConfig & { caller: Caller },
): CallOptions {
  return { config: { call }, onRequest: hooks[call.caller] }
}
