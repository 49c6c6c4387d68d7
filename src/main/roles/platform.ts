// On which systems a role may run. Everything rests on a write being on the disk before it is
// answered, which Windows has no way to ask for (O_DSYNC) and macOS does not do when it is asked.

import { CommandError, exitCodes } from '../context.ts'

/** What to say at the start, null: nothing. Throws where a role may not run at all. */
export function platformWarning(platform: NodeJS.Platform): string | null {
  if (platform === 'win32') {
    const message = 'Windows is not supported: it cannot sync each write of the log (O_DSYNC)'
    const instead = 'run it on Linux, in WSL 2 or in a container'
    throw new CommandError(exitCodes.wrongUsage, `${message}; ${instead}`)
  }
  if (platform !== 'darwin') return null
  return 'macOS is for development only: its disks may lose what was synced when the power fails'
}
