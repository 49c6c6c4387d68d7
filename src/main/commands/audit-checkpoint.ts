// `firstcome audit --checkpoint FILE`: holds the log of this machine against a checkpoint that
// somebody saved. Ends with 1 and says why where they do not agree.

import { createPrivateKey } from 'node:crypto'
import { systemClock } from '../../adapters/clock-system.ts'
import { readSecrets } from '../../adapters/data-directory.ts'
import { readProofFile } from '../../adapters/proof-identity-file.ts'
import { type CheckpointFound, compareCheckpoint } from '../../audit/coupons/compare-checkpoint.ts'
import { startProgress } from '../../client/progress.ts'
import type { Settings } from '../../config/settings.ts'
import type { OldKey } from '../../domain/proof/identity.ts'
import { rawPublicKey, verifierKey } from '../../domain/proof/signed-note.ts'
import { CommandError, type Context, type ExitCode, exitCodes, printable } from '../context.ts'
import { isDistributed, openAuditSource } from './audit-source.ts'
import { readGiven } from './verify/sale-source.ts'

type CheckpointOptions = { checkpoint: string; json?: boolean; url?: string; token?: string }

export async function runCheckpointAudit(
  { checkpoint: path, json, url, token }: CheckpointOptions,
  { settings, out, err }: Context,
): Promise<ExitCode> {
  const note = readGiven(path).toString()
  const { publicKey, secret } = signing(settings)
  const progress = startProgress(systemClock(), json ? () => {} : err)
  const opened = await openAuditSource({ settings, progress, url, token })
  try {
    const log = await opened.openLog()
    const onProgress = (done: number, total: number) => {
      progress.show('Replaying the log', done / total)
    }
    const oldKeys = await oldKeysOf(settings)
    const publicKeys = [publicKey, ...oldKeys.map(({ key }) => Buffer.from(key, 'base64'))]
    const found = await compareCheckpoint({ log, note, publicKeys, secret, onProgress })
    const isFair = !('fault' in found)
    if (json) {
      out(`${JSON.stringify({ fair: isFair, differences: isFair ? 0 : 1, ...found })}\n`)
    } else if (isFair) {
      out(`The log makes this checkpoint: ${found.size} entries of ${found.couponId}, their root\n`)
      out(`  ${found.root}\n${printable(signedText(found, oldKeys))}\n`)
    } else out(`The log does not make this checkpoint:\n  ${printable(found.fault)}\n`)
    return isFair ? exitCodes.ok : exitCodes.failed
  } finally {
    progress.end()
    await opened.close()
  }
}

function signedText({ origin, key }: CheckpointFound, oldKeys: readonly OldKey[]): string {
  const isBy = (old: OldKey) => verifierKey(origin, Buffer.from(old.key, 'base64')).id === key
  const old = oldKeys.find(isBy)
  return old === undefined
    ? `It is signed by our key under ${origin}.`
    : `It is signed by an old key of ours (${key}) under ${origin}, replaced at ${old.until}.`
}

/** Those that have signed before. */
async function oldKeysOf(settings: Settings): Promise<readonly OldKey[]> {
  if (!isDistributed(settings)) return readProofFile(settings.dataDirectory)?.oldKeys ?? []
  const { oldKeysInSql } = await import('./proof/rotate-key-sql.ts')
  return oldKeysInSql(settings)
}

/** By what our proofs are signed, and by what their users are hidden. */
function signing(settings: Settings): { publicKey: Buffer; secret: string } {
  const kept = isDistributed(settings) ? {} : readSecrets(settings.dataDirectory)
  const key = settings.proofKey ?? kept.proofKey
  const secret = settings.proofSecret ?? kept.proofSecret
  if (key === undefined || secret === undefined) {
    const what = 'FIRSTCOME_PROOF_KEY and FIRSTCOME_PROOF_SECRET'
    throw new CommandError(exitCodes.wrongUsage, `${what} are missing: proofs were made with them`)
  }
  return { publicKey: rawPublicKey(createPrivateKey(key)), secret }
}
