// What every command is given, what it answers, and the failures it may throw.

import type { Settings } from '../config/settings.ts'

export type Context = {
  settings: Settings
  /** Writes text, with its line ends, to standard output. */
  out: (text: string) => void
  /** The same to standard error: progress, warnings and refusals. */
  err: (text: string) => void
}
/** The options that a run gets are those declared in cli. */
export type CommandRun<Options> = (options: Options, context: Context) => Promise<ExitCode>

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
export const exitCodes = {
  ok: 0,
  /** A promise or a check failed, the service refused, or something unexpected happened. */
  failed: 1,
  wrongUsage: 2,
  /** The service cannot be reached, or cannot answer now. */
  unreachable: 3,
  /** By Ctrl-C, as shells have it: 128 and the number of the signal. */
  interrupted: 130,
} as const

/** Ends a command with a message of its own and no stack. The message may have several lines. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** Text from elsewhere, safe on a terminal: control characters could rewrite what is shown. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, '\u{fffd}')
}
