// `firstcome token`: makes a token for a user or an operator, signed with the local secret.

import { signToken } from '../../client/tokens.ts'
import { formatInstant } from '../../domain/time.ts'
import { userIdOf, userIdRule } from '../../domain/user-id.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { defaultOperator, jwtSecret } from './service-address.ts'

export type TokenOptions = {
  user?: string
  /** true: an operator without a name. */
  operator?: string | true
  scope?: 'viewer' | 'redeem'
  ttl: number
  json?: boolean
}

/** Prints the token and nothing else, so that a shell can catch it. */
export async function runToken(options: TokenOptions, context: Context): Promise<ExitCode> {
  const { user, operator, scope, ttl } = options
  if ((user === undefined) === (operator === undefined)) {
    throw new CommandError(exitCodes.wrongUsage, 'say whose token: --user NAME or --operator')
  }
  const sub = userIdOf(user ?? (operator === true ? defaultOperator : operator))
  if (sub === null) throw new CommandError(exitCodes.wrongUsage, `a name is ${userIdRule}`)
  const now = Date.now()
  const token = signToken({
    secret: jwtSecret(context.settings),
    rules: context.settings.tokenRules,
    sub,
    operator: operator !== undefined,
    scope,
    expiresInSeconds: ttl,
    now,
  })
  if (options.json !== true) {
    context.out(`${token}\n`)
    return exitCodes.ok
  }
  // As the token itself has it: counted in whole seconds.
  const expiresAt = formatInstant((Math.floor(now / 1000) + ttl) * 1000)
  const answer = { token, sub, operator: operator !== undefined, expiresAt }
  context.out(`${JSON.stringify(answer)}\n`)
  return exitCodes.ok
}
