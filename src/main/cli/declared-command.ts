// How a command is declared: as data, of which program.ts makes what a person can type. And the
// options that several commands share, so that they are typed and explained alike everywhere.

import { type Argument, Option } from 'commander'
import { logLevels, settingFlags, settingTable } from '../../config/setting-table.ts'
import type { CommandRun } from '../context.ts'
import { parseServiceUrl, parseZone } from './option-values.ts'

/** By name, in the order of the help. */
export type DeclaredCommands = Readonly<Record<string, DeclaredCommand>>
export type DeclaredCommand = {
  summary: string
  /** As typed behind `npx firstcome`; one that begins with `$` is shown as it is. */
  examples: readonly string[]
  notes?: string
  takes?: readonly (Argument | Option)[]
  /** Its code, loaded only when it runs. Absent: there are only the commands below it. */
  load?(): Promise<CommandRun<never>>
  below?: DeclaredCommands
}

/** `parse` is given what came before where an option is given several times. */
export function option<Value>(
  flags: string,
  text: string,
  parse?: (text: string, before: Value | undefined) => Value,
): Option {
  const made = new Option(flags, text)
  return parse === undefined ? made : made.argParser<Value | undefined>(parse)
}

export function settingOption(key: keyof typeof settingFlags): Option {
  const [flag, name] = settingFlags[key]
  const [, , text] = settingTable[name]
  return new Option(flag, `${text} (${name})`)
}

export const jsonOption = option('--json', 'print JSON and nothing else')
export const urlOption = option('--url <address>', 'where the service is', parseServiceUrl)
const token = option('--token <token>', 'a token of your own instead of one made here')
/** Of every command that makes a call to the service. */
export const callOptions = [urlOption, token, jsonOption]
const zone = option('--zone <zone>', 'of times, as Asia/Seoul (that of this machine)', parseZone)
/** The same, of commands that show times. */
export const timedCallOptions = [...callOptions, zone]
export const listenOptions = [
  settingOption('port'),
  settingOption('host'),
  settingOption('logLevel').choices(logLevels),
]
