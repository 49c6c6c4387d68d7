// The options and texts that several commands share, so that they are typed and explained alike
// everywhere. Those of settings come from the table of settings.

import { type Command, Help, Option } from 'commander'
import {
  helpedSettings,
  neededSettings,
  settingFlags,
  settingNames,
  settingTable,
} from '../../config/setting-table.ts'
import { logLevels } from '../../config/setting-values.ts'
import { parseServiceUrl } from './option-values.ts'

const helpWidth = 100

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
    .addOption(settingOption('port'))
    .addOption(settingOption('host'))
    .addOption(settingOption('logLevel').choices(logLevels))
}

export function settingOption(key: keyof typeof settingFlags): Option {
  const [flag, name] = settingFlags[key]
  const [, , text] = settingTable[name]
  return new Option(flag, `${text} (${name})`)
}

export type CommandTexts = {
  summary: string
  /** As typed behind `npx firstcome`; one that begins with `$` is shown as it is. */
  examples: readonly string[]
  /** The command whose settings are listed. */
  settings?: string
  notes?: string
}

export function addCommand(parent: Command, name: string, texts: CommandTexts): Command {
  const { summary, examples, settings, notes } = texts
  const typed = examples.map((line) => `  ${line.startsWith('$') ? '' : '$ npx firstcome '}${line}`)
  const parts = ['Examples:', ...typed]
  if (settings !== undefined) parts.push('', 'Settings (environment):', ...settingLines(settings))
  if (notes !== undefined) parts.push(notes)
  return parent
    .command(name)
    .description(summary)
    .addHelpText('after', `\n${parts.join('\n')}`)
}

function settingLines(command: string): string[] {
  const help = new Help()
  help.prepareContext({ helpWidth })
  const patterns = helpedSettings[command] ?? []
  const names = settingNames.filter((name) => patterns.some((pattern) => pattern.test(name)))
  const width = Math.max(...names.map((name) => name.length))
  return names.map((name) => {
    const [, fallback, text] = settingTable[name]
    const note = neededSettings[command]?.includes(name) ? 'needed' : fallback
    return help.formatItem(name, width, note === null ? text : `${text} (${note})`, help)
  })
}
