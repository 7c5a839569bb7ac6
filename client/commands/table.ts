/**
 * Every command of ftp, in the order in which help shows them.
 *
 * @module
 */

import { byebye } from "./byebye.ts";
import { cat } from "./cat.ts";
import type { Command } from "./command.ts";
import { connme } from "./connme.ts";
import { download } from "./download.ts";
import { cd, mkdir, pwd, rmdir } from "./folders.ts";
import { help } from "./help.ts";
import { lcd, lls, lpwd } from "./local_folders.ts";
import { ls } from "./ls.ts";
import { mv } from "./mv.ts";
import { rm } from "./rm.ts";
import { size } from "./size.ts";
import { stat } from "./stat.ts";
import { upload } from "./upload.ts";

/** Every command. */
export const COMMANDS: readonly Command[] = [
  connme,
  ls,
  rm,
  download,
  upload,
  size,
  byebye,
  cd,
  pwd,
  mkdir,
  rmdir,
  mv,
  cat,
  stat,
  lcd,
  lls,
  lpwd,
  help,
];
