// `firstcome rebuild`: holds the place of the command that drops the rows and derives them anew
// from the log. Until it is written it refuses, having touched nothing.

import { CommandError, type Context, type ExitCode, exitCodes } from './command-context.ts'

export type RebuildOptions = { json?: boolean }

export async function runRebuild(_options: RebuildOptions, _context: Context): Promise<ExitCode> {
  throw new CommandError(exitCodes.failed, 'rebuild cannot be done by this version yet')
}
