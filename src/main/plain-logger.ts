// What a role would log, as lines for people: for commands that end by themselves.

import type { Logger } from 'pino'

export function plainLogger(err: (text: string) => void): Pick<Logger, 'warn' | 'info'> {
  const say = (first: unknown, text?: string) => {
    const { reason } = (typeof first === 'object' ? first : {}) as { reason?: string }
    err(`firstcome: ${text ?? String(first)}${reason === undefined ? '' : `: ${reason}`}\n`)
  }
  return { warn: say, info: say }
}
