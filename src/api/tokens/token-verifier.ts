// Who a bearer token is of: by the secret HS256, by keys of an identity provider the algorithm of
// each key; a token never chooses. The library verifies, token-checks.ts asks for the rest. A token
// of an unknown key waits until the provider was asked since, which is never long.

import { createDecoder } from 'fast-jwt'
import { isObject, type Wire } from '../../domain/field.ts'
import { type Clock, within } from '../../ports/clock.ts'
import type { KeySetSource, TokenRules } from '../../ports/tokens.ts'
import { type ProviderKey, providerAlgorithms } from './provider-key.ts'
import { ProviderKeys, type ProviderKeysLimits, type ProviderKeysParts } from './provider-keys.ts'
import { nameOf, type RememberedLimits, RememberedTokens } from './remembered-tokens.ts'
import { secretVerifier } from './secret-tokens.ts'
import { type Caller, callerFrom, refusalOf, type TokenRefusal } from './token-checks.ts'

export type TokenVerifierParts = {
  secret: string
  rules: TokenRules
  clock: Clock
  /** Absent: no token is believed but those by the secret. */
  source?: KeySetSource | undefined
  onNews: ProviderKeysParts['onNews']
  limits?: Partial<TokenLimits & ProviderKeysLimits & RememberedLimits>
}
/** `keys_away`: whether its key is one of the provider's cannot be said now. */
export type Verdict = Caller | TokenRefusal | 'keys_away'
export type TokenLimits = { [Name in keyof typeof tokenLimits]: number }

export const tokenLimits = {
  /** The next ask begins within 2.1 s, and its answer takes less than a second. */
  keyWaitMsMax: 4_000,
  /** Who makes up names of keys may not hold more connections than this. */
  keyWaitersMax: 1_000,
} as const

type Token = { text: string; name: string }
const decode = createDecoder({ complete: true })

export class TokenVerifier {
  private readonly parts: TokenVerifierParts
  private readonly limits: TokenLimits
  private readonly remembered: RememberedTokens
  private readonly bySecret: (token: string) => Wire
  private readonly provider: ProviderKeys | null
  private waiters = 0

  constructor(parts: TokenVerifierParts) {
    const { secret, source, clock, onNews, limits = {} } = parts
    this.parts = parts
    this.limits = { ...tokenLimits, ...limits }
    this.remembered = new RememberedTokens(limits)
    this.bySecret = secretVerifier(secret)
    const onRemoved = (key: ProviderKey) => this.remembered.forgetBy(key)
    this.provider = source ? new ProviderKeys({ source, clock, onRemoved, onNews, limits }) : null
  }

  /** All that it keeps of what it was asked and given. */
  get held(): { tokens: number; keys: number; waiters: number } {
    const keys = this.provider?.keys().length ?? 0
    return { tokens: this.remembered.size, keys, waiters: this.waiters }
  }

  /** At once, but where a key has to be asked for. */
  verify(text: string): Verdict | Promise<Verdict> {
    const token = { text, name: nameOf(text) }
    return this.judgeNow(token) ?? this.byNewKey(token)
  }

  /** null: its key would have to be asked for. */
  verifyNow(text: string): Verdict | null {
    return this.judgeNow({ text, name: nameOf(text) })
  }

  private judgeNow(token: Token): Verdict | null {
    const { text } = token
    const known = this.remembered.get(token.name, this.parts.clock.now())
    if (known !== undefined) return known
    const { provider } = this
    if (provider === null) return this.byOne(token, null)
    const header = headerOf(text)
    if (typeof header === 'string') return header
    const isOfProvider = providerAlgorithms.some((algorithm) => algorithm === header.alg)
    if (!isOfProvider) return this.byOne(token, null)
    const named = namedBy(header, provider.keys())
    if (named.length > 0) return this.byAny(token, header, named)
    return this.waiters < this.limits.keyWaitersMax ? null : 'keys_away'
  }

  async close(): Promise<void> {
    await this.provider?.close()
  }

  private async byNewKey(token: Token): Promise<Verdict> {
    const { provider } = this
    const header = headerOf(token.text)
    if (provider === null || typeof header === 'string') return 'malformed'
    const { clock } = this.parts
    const deadline = { clock, ms: this.limits.keyWaitMsMax, late: () => false }
    this.waiters += 1
    const isAnswered = await within(deadline, provider.ask())
    this.waiters -= 1
    const named = namedBy(header, provider.keys())
    if (named.length > 0) return this.byAny(token, header, named)
    return isAnswered ? 'key' : 'keys_away'
  }

  private byAny(token: Token, { alg }: Wire, named: readonly ProviderKey[]): Verdict {
    let verdict: Verdict = 'algorithm'
    for (const key of named) {
      if (key.algorithm !== alg) continue
      verdict = this.byOne(token, key)
      if (verdict !== 'signature') return verdict
    }
    return verdict
  }

  /** `key` null: by the secret. */
  private byOne(token: Token, key: ProviderKey | null): Caller | TokenRefusal {
    const { name, text } = token
    let claims: Wire
    try {
      claims = key === null ? this.bySecret(text) : key.verify(text)
    } catch (error) {
      return refusalOf(error)
    }
    const found = callerFrom(claims, this.parts.rules, this.parts.clock.now())
    if (typeof found === 'string') return found
    const { caller, times } = found
    this.remembered.add(name, { caller, times, key, characters: text.length })
    return caller
  }
}

/** Without a kid each of them may have signed it. */
function namedBy({ kid }: Wire, keys: readonly ProviderKey[]): readonly ProviderKey[] {
  return kid === undefined ? keys : keys.filter((key) => key.kid === kid)
}

function headerOf(token: string): Wire | TokenRefusal {
  try {
    const { header } = decode(token) as { header: unknown }
    return isObject(header) ? header : 'malformed'
  } catch (error) {
    return refusalOf(error)
  }
}
