// Who may be a user: the one rule, for tokens, paths, records and whatever else names one. What
// identity providers call their users (e-mail addresses, names in any writing, UUIDs) is kept as it
// is, but for one of Unicode's normal forms, so that one name is one user; then bytes decide.

import type { Field } from './field.ts'

/** Unicode code points, none of them a control character or half of a pair. */
export const userIdPattern = '^[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]{1,128}$'
/** Said of what is none. */
export const userIdRule = '1 to 128 characters without control characters'

const shape = new RegExp(userIdPattern, 'u')
/** All that records of version 1 take for a user. */
const plain = /^[!-~]{1,128}$/

/** As it is stored and compared; null: nobody can have this name. */
export function userIdOf(given: unknown): string | null {
  if (typeof given !== 'string') return null
  if (plain.test(given)) return given
  const normal = given.normalize('NFC')
  return shape.test(normal) ? normal : null
}

/** Readers of version 1 would pass a record of such a user over as void: they have to stop. */
export function isUserSinceVersion2(userId: unknown): boolean {
  return typeof userId === 'string' && !plain.test(userId)
}

export function userIdField(says: string): Field<string> {
  return {
    schema: { type: 'string', pattern: userIdPattern, normalForm: 'NFC', description: says },
    read(value) {
      const userId = userIdOf(value)
      return userId === value ? userId : null
    },
    versions: { newest: 2, of: (value) => (isUserSinceVersion2(value) ? 2 : 1) },
  }
}
