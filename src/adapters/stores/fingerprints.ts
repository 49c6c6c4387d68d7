// By what the secrets and settings that rows were made with are known again, kept in SQL. Nobody
// can find a secret by its fingerprint.

import { paymentFingerprint } from '../../domain/fingerprint.ts'
import type { PaymentTaker } from '../../ports/payments.ts'
import type { Queryable } from '../database/database.ts'
import { loadStatements } from '../database/statements.ts'

/** The one that is remembered from now on: this one, if there was none. */
export async function settleFingerprint(
  database: Queryable,
  name: string,
  fingerprint: string,
): Promise<string> {
  const statements = loadStatements(['record-fingerprint', 'read-fingerprint'])
  await database.query(statements['record-fingerprint'], [name, fingerprint])
  const { rows } = await database.query(statements['read-fingerprint'], [name])
  return String(rows[0]?.[0])
}

export async function replaceFingerprint(
  database: Queryable,
  name: string,
  fingerprint: string,
): Promise<void> {
  const statement = loadStatements(['replace-fingerprint'])['replace-fingerprint']
  await database.query(statement, [name, fingerprint])
}

export async function readFingerprint(database: Queryable, name: string): Promise<string | null> {
  const statement = loadStatements(['read-fingerprint'])['read-fingerprint']
  const { rows } = await database.query(statement, [name])
  return rows[0] === undefined ? null : String(rows[0][0])
}

/** Of where payments are taken. */
export const paymentProvider = 'payment-provider'

/** By whom payments are taken; null where that was never settled. */
export async function readPaymentTaker(database: Queryable): Promise<PaymentTaker | null> {
  const fingerprint = await readFingerprint(database, paymentProvider)
  if (fingerprint === null) return null
  return fingerprint === paymentFingerprint(null) ? 'wallets' : 'service'
}
