/**
 * Every command of ftp, in the order in which help shows them.
 *
 * @module
 */

import { byebye } from "./byebye.ts";
import { cat } from "./cat.ts";
import type { Command } from "./command.ts";
import { connme } from "./connme.ts";
import { cp } from "./cp.ts";
import { download, mget } from "./download.ts";
import { cd, mkdir, pwd, rmdir } from "./folders.ts";
import { help } from "./help.ts";
import { lcd, lls, lpwd } from "./local_folders.ts";
import { ls } from "./ls.ts";
import { mv } from "./mv.ts";
import { rm } from "./rm.ts";
import { size } from "./size.ts";
import { stat } from "./stat.ts";
import { sync } from "./sync.ts";
import { mput, upload } from "./upload.ts";
import { verify } from "./verify.ts";
import { checksum, df, du, find } from "./server_side.ts";

/** Every command. */
export const COMMANDS: readonly Command[] = [
  connme,
  ls,
  rm,
  download,
  upload,
  size,
  byebye,
  mget,
  mput,
  sync,
  verify,
  checksum,
  cd,
  pwd,
  mkdir,
  rmdir,
  mv,
  cp,
  cat,
  stat,
  find,
  du,
  df,
  lcd,
  lls,
  lpwd,
  help,
];
