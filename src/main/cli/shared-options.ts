// The options that several commands share, so that they are typed and explained alike everywhere.

import { type Command, Option } from 'commander'
import { logLevels } from '../../config/setting-values.ts'
import { parseServiceUrl } from './option-values.ts'

/** The options of every command that makes a call to the service. */
export function withCallOptions(command: Command): Command {
  const token = 'a token of your own instead of one made here'
  return withJsonOption(withUrlOption(command).option('--token <token>', token))
}

export function withUrlOption(command: Command): Command {
  return command.option('--url <address>', 'where the service is', parseServiceUrl)
}

export function withJsonOption(command: Command): Command {
  return command.option('--json', 'print JSON and nothing else')
}

export function withListenOptions(command: Command): Command {
  return command
    .option('--port <number>', 'the port to listen on, 0 for any free one (FIRSTCOME_PORT)')
    .option('--host <address>', 'the address to listen on (FIRSTCOME_HOST)')
    .addOption(
      new Option('--log-level <level>', 'how much to log (FIRSTCOME_LOG_LEVEL)').choices(logLevels),
    )
}
