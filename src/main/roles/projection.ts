// The rows of the embedded profile: a PGlite directory that can always be derived from the log.
// PGlite never syncs, so a directory that was in use when the machine went down is not trusted.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '../../adapters/database/database.ts'
import { migrate } from '../../adapters/database/migrations.ts'
import { openDatabasePglite } from '../../adapters/database/pglite.ts'
import { readReadMarks } from '../../adapters/read-marks.ts'
import type { ReadPlace } from '../../ports/log-check.ts'
import { PortError } from '../../ports/port-error.ts'
import { embeddedTopics } from './topics.ts'

export function projectionDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'projection')
}

/** Whether the rows were written since the machine was started; else the next start drops them. */
export function isProjectionTrusted(dataDirectory: string): boolean {
  const marker = markerPath(dataDirectory)
  return existsSync(marker) && readFileSync(marker, 'utf8') === readMachineStart()
}

/** Until the machine is started again. */
export function trustProjection(dataDirectory: string): void {
  writeFileSync(markerPath(dataDirectory), readMachineStart())
}

/** Among the rows, so that they are gone where these are. */
export function readMarksDirectory(dataDirectory: string): string {
  return join(projectionDirectory(dataDirectory), 'read-marks')
}

/** None where the next start drops the rows. */
export function readMarksOf(dataDirectory: string): ReadPlace[] {
  if (!hasTrustedRows(dataDirectory)) return []
  return readReadMarks(readMarksDirectory(dataDirectory), embeddedTopics)
}

/** Whether there are rows that the next start goes on from. */
export function hasTrustedRows(dataDirectory: string): boolean {
  return existsSync(projectionDirectory(dataDirectory)) && isProjectionTrusted(dataDirectory)
}

/** Opens the rows, migrated; starts again with none where they cannot be trusted or opened. */
export async function openProjection(
  dataDirectory: string,
  onRebuilding: (reason: string) => void,
): Promise<Database> {
  const directory = projectionDirectory(dataDirectory)
  if (existsSync(directory) && !isProjectionTrusted(dataDirectory)) {
    onRebuilding('the machine was started again since, and the rows were never synced')
    await dropProjection(dataDirectory)
  }
  trustProjection(dataDirectory)
  try {
    return await openMigrated(directory)
  } catch (error) {
    if (!(error instanceof PortError) || error.code !== 'store_broken') throw error
    onRebuilding(error.message)
    const aside = `${directory}.broken`
    await rm(aside, { recursive: true, force: true })
    await rename(directory, aside)
    return openMigrated(directory)
  }
}

export async function dropProjection(dataDirectory: string): Promise<void> {
  await rm(projectionDirectory(dataDirectory), { recursive: true, force: true })
}

/** `check` may refuse what is there before anything is changed. */
export async function openMigrated(
  directory: string,
  check?: (database: Database) => Promise<void>,
): Promise<Database> {
  const database = await openDatabasePglite({ directory })
  try {
    await check?.(database)
    await migrate(database)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

function markerPath(dataDirectory: string): string {
  return join(dataDirectory, 'projection.machine-start')
}

/** Differs after every start of the machine; the same text for ever where it cannot be known. */
function readMachineStart(): string {
  const path = '/proc/sys/kernel/random/boot_id'
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : 'unknown'
}
