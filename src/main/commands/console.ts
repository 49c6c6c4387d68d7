// `firstcome console`: a link that signs a browser in to the console, by a code that is good once.

import type { ServiceAnswer } from '../../client/service-client.ts'
import type { Context, ExitCode } from '../context.ts'
import { serviceUrl } from './service-address.ts'
import { type CallOptions, runCall } from './service-command.ts'

export type ConsoleOptions = CallOptions & { viewer?: boolean }

/** A sale day; the session of a code ends with the token of whoever makes it. */
const sessionSeconds = 12 * 3_600

/** Prints the link and nothing else, so that a shell can catch it. */
export function runConsole(options: ConsoleOptions, context: Context): Promise<ExitCode> {
  const body = options.viewer === true ? { scope: 'viewer' } : {}
  const url = serviceUrl(context.settings, options.url)
  return runCall(
    {
      call: { method: 'POST', path: '/console/codes', body },
      changesNothing: true,
      seconds: sessionSeconds,
      again: '',
      done: (answer) => `${linkOf(url, answer)}\n`,
    },
    options,
    context,
  )
}

function linkOf(url: string, { body }: ServiceAnswer): string {
  return `${url}/console#code=${String(body.code)}`
}
