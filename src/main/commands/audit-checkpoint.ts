// `firstcome audit --checkpoint FILE`: holds the log of this machine against a checkpoint that
// somebody saved. Ends with 1 and says why where they do not agree.

import { createPrivateKey } from 'node:crypto'
import { systemClock } from '../../adapters/clock-system.ts'
import { readSecrets } from '../../adapters/data-directory.ts'
import { compareCheckpoint } from '../../audit/coupons/compare-checkpoint.ts'
import { startProgress } from '../../client/progress.ts'
import type { Settings } from '../../config/settings.ts'
import { rawPublicKey } from '../../domain/proof/signed-note.ts'
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
    const audit = { log, note, publicKeys: [publicKey], secret, onProgress }
    const found = await compareCheckpoint(audit)
    const isFair = !('fault' in found)
    if (json) {
      out(`${JSON.stringify({ fair: isFair, differences: isFair ? 0 : 1, ...found })}\n`)
    } else if (isFair) {
      out(`The log makes this checkpoint: ${found.size} entries of ${found.couponId}, their root\n`)
      out(`  ${found.root}\nIt is signed by our key under ${printable(found.origin)}.\n`)
    } else out(`The log does not make this checkpoint:\n  ${printable(found.fault)}\n`)
    return isFair ? exitCodes.ok : exitCodes.failed
  } finally {
    progress.end()
    await opened.close()
  }
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
