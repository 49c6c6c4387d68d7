// Where an API node keeps what it knows of the claims log, for itself and for the proof, and what
// is said where that fails: in files beside the log of one process, or in PostgreSQL, where all
// find it.

import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Queryable } from '../../../adapters/database/database.ts'
import { openSnapshotFiles } from '../../../adapters/snapshots/snapshot-files.ts'
import { createSnapshotStoreSql } from '../../../adapters/stores/nodes/fold-snapshots.ts'
import { readTopicLayouts } from '../../../adapters/stores/topic-layout.ts'
import type { SnapshotParts } from '../../../api/claims/snapshots/fold-snapshots.ts'
import { claimsTopic } from '../../../domain/coupons/messages.ts'
import type { Clock } from '../../../ports/clock.ts'
import { messageOf } from '../../../ports/port-error.ts'
import { packageVersion } from '../../package-version.ts'

type KeptFold = {
  logger: Pick<Logger, 'warn'>
  /** See SnapshotParts. */
  everyRecords?: number | undefined
  /** Who reads it; absent: claims. */
  reader?: 'the proof'
}

export function keptInFiles(
  dataDirectory: string,
  { everyRecords, ...telling }: KeptFold,
): SnapshotParts {
  const store = openSnapshotFiles(join(dataDirectory, 'snapshots', 'claims'))
  return { ...told(telling), store, everyRecords, release: packageVersion(), logId: null }
}

type KeptInRows = KeptFold & { database: Queryable; clock: Clock }

/** Absent where PostgreSQL does not even say which log it is: nobody needs it. */
export async function keptInRows(parts: KeptInRows): Promise<SnapshotParts | undefined> {
  const { database, clock, everyRecords } = parts
  const release = packageVersion()
  try {
    const layouts = await readTopicLayouts(database)
    const logId = layouts.find(({ topic }) => topic === claimsTopic)?.topicId ?? null
    const store = createSnapshotStoreSql({ database, clock, release })
    return { ...told(parts), store, everyRecords, release, logId }
  } catch (error) {
    told(parts).onPutAside(messageOf(error))
    return undefined
  }
}

function told({ logger, reader }: KeptFold): Pick<SnapshotParts, 'onPutAside' | 'onNotWritten'> {
  const unused = `the snapshot is not used${reader === undefined ? '' : ` for ${reader}`}`
  return {
    onPutAside: (reason) => logger.warn({ reason }, `${unused}: the whole log is read instead`),
    onNotWritten: (error) =>
      logger.warn({ err: error }, 'no snapshot could be written: the next start takes longer'),
  }
}
