// Where the service listens and what its calls are signed with, as seen from the command line:
// flags first, then what the running service left in its data directory, then the settings.

import { isIPv6 } from 'node:net'
import { readOwner, readSecrets } from '../../adapters/data-directory.ts'
import { signToken } from '../../client/tokens.ts'
import type { Settings } from '../../config/settings.ts'
import { CommandError, exitCodes } from '../context.ts'

/** Long enough for one command, too short to be worth stealing from a process list. */
const commandTokenSeconds = 60
/** Who the log names as the author of a command (`by`) that came without a token of its own. */
export const defaultOperator = 'operator'

/** Without a slash at the end. */
export function serviceUrl(settings: Settings, url?: string): string {
  if (url !== undefined) return url
  const owner = readOwner(settings.dataDirectory)
  if (owner?.url !== undefined) return connectable(owner.url)
  if (settings.port !== 0) return `http://${connectHost(settings.host)}:${settings.port}`
  const message =
    `no service has left its address in ${settings.dataDirectory}: start it with ` +
    '`firstcome start`, or say where it is with --url or --data'
  throw new CommandError(exitCodes.unreachable, message)
}

/** The secret that tokens of the local service are signed with. */
export function jwtSecret(settings: Settings): string {
  const secret = settings.jwtSecret ?? readSecrets(settings.dataDirectory).jwtSecret
  if (secret !== undefined) return secret
  const message =
    `there is no secret to sign with in ${settings.dataDirectory}: \`firstcome start\` makes one ` +
    'there; or name its directory with --data, or set FIRSTCOME_JWT_SECRET'
  throw new CommandError(exitCodes.wrongUsage, message)
}

type WantedToken = { token?: string | undefined; seconds?: number | undefined }

/** The token that was given, else a short-lived one of the local secret. `now` is ms UTC. */
export function operatorToken(
  settings: Settings,
  now: number,
  { token, seconds = commandTokenSeconds }: WantedToken,
): string {
  if (token !== undefined) return token
  return signToken({
    secret: jwtSecret(settings),
    rules: settings.tokenRules,
    sub: defaultOperator,
    operator: true,
    expiresInSeconds: seconds,
    now,
  })
}

/** The address as it was announced may be one to listen on only. */
export function connectable(announced: string): string {
  const url = URL.parse(announced)
  if (url === null) return announced
  url.hostname = connectHost(url.hostname)
  return url.origin
}

/** Nobody can connect to "every address"; this machine's own is meant. */
function connectHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::' || host === '[::]') return '[::1]'
  return isIPv6(host) ? `[${host}]` : host
}
