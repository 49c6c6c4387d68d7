// Mutants of who is believed: which keys, for how long, what a token must have, and who is a user.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const part = 'src/api/tokens'
const keys: MutantsOf = {
  file: `${part}/provider-key.ts`,
  test: `${part}/provider-key.test.ts`,
  mutants: [
    [' || privatePart !== undefined) return null', ') return null', 'keys of other kinds'],
    ["if (use !== undefined && use !== 'sig') return null", '', 'keys of other kinds'],
    ['modulusLength < rsaBitsMin || ', '', 'keys of other kinds'],
    ['return isOwn ? algorithm : null', 'return algorithm', 'keys of other kinds'],
    ['usable.length < providerKeysMax && ', '', 'the first keys count'],
  ],
}
const asking: MutantsOf = {
  file: `${part}/provider-keys.ts`,
  test: `${part}/token-verifier.test.ts`,
  mutants: [
    ['clock.monotonic() + this.limits.askAfterMsMin', '0', 'is asked every 2 s at most'],
    ['this.parts.onRemoved(key)', '{}', 'one that is gone is no longer believed'],
    ['this.known = [...now.values()]', '', 'is verified once'],
  ],
}
const verifying: MutantsOf = {
  file: `${part}/token-verifier.ts`,
  test: `${part}/token-verifier.test.ts`,
  mutants: [
    ['if (known !== undefined) return known', '', 'is verified once'],
    ['keys.filter((key) => key.kid === kid)', 'keys', 'one that is gone is no longer believed'],
    ["isAnswered ? 'key' : 'keys_away'", "'key'", 'waits for a key no longer than it may'],
    ['this.waiters += 1', '', 'is asked every 2 s at most'],
  ],
}
const bounded: MutantsOf = {
  file: `${part}/token-verifier.ts`,
  test: `${part}/hostile-tokens.test.ts`,
  mutants: [
    ['this.waiters -= 1', '', 'tokens that are refused leave nothing'],
    ['new RememberedTokens(limits)', 'new RememberedTokens()', 'are remembered up to a number'],
  ],
}
const remembering: MutantsOf = {
  file: `${part}/remembered-tokens.ts`,
  test: `${part}/remembered-tokens.test.ts`,
  mutants: [
    ['now >= found.times.from && ', '', 'from its beginning until its end'],
    ['now < found.times.until', 'now <= found.times.until', 'from its beginning until its end'],
    ['remembered.key === key', 'remembered.key !== key', 'tokens of a key that is gone'],
    ['{ characters }: Remembered) => characters', '_: Remembered) => 0', 'by number and by length'],
  ],
}
const bySecret: MutantsOf = {
  file: `${part}/secret-tokens.ts`,
  test: `${part}/secret-tokens.test.ts`,
  mutants: [
    ['!headers.has(header) || ', '', 'a header is known by its text alone'],
    [' && base64Url.test(payload)', '', 'what is signed is read, and nothing else'],
    [
      'return difference === 0',
      'return difference < 256',
      'what is signed is read, and nothing else',
    ],
    ['return isObject(claims) ? claims : null', 'return claims as Wire', 'what is signed is read'],
  ],
}
const recently: MutantsOf = {
  file: 'src/api/recent.ts',
  test: 'src/api/recent.test.ts',
  mutants: [
    ['if (older !== undefined) this.set(key, older)', '', 'whoever is only used'],
    ['this.older.delete(key)\n    this.newer.set', 'this.newer.set', 'the latest are there'],
    ['this.newer.size < max', 'true', 'the latest are there'],
    ['this.weight < weightMax', 'true', 'weighs no more'],
    ['this.newer = new Map()\n    this.weight', 'this.weight', 'the latest are there'],
  ],
}
const asked: MutantsOf = {
  file: `${part}/token-checks.ts`,
  test: 'test/integration/http/provider-tokens.test.ts',
  mutants: [
    ["if (issuer !== undefined && iss !== issuer) return 'issuer'", '', 'hold for every token'],
    [' || (Array.isArray(aud) && aud.includes(audience))', '', 'hold for every token'],
    [
      'claimsWithScopes : [scopeClaim]',
      "claimsWithScopes : ['scope', scopeClaim]",
      'hold for every',
    ],
  ],
}
const users: MutantsOf = {
  file: 'src/domain/user-id.ts',
  test: 'src/domain/user-id.test.ts',
  mutants: [
    ["given.normalize('NFC')", 'given', 'one name is one user'],
    ["given.normalize('NFC')", "given.normalize('NFKC')", 'one name is one user'],
    ["new RegExp(userIdPattern, 'u')", 'new RegExp(userIdPattern)', 'these are users'],
    ['return userId === value ? userId : null', 'return userId', 'has it as it is stored'],
  ],
}

export const tokenMutants = mutantsOf([
  keys,
  asking,
  verifying,
  bounded,
  bySecret,
  remembering,
  recently,
  asked,
  users,
])
