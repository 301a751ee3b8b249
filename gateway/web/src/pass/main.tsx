import "../shared/base.css";
import { followLanguage } from "../shared/i18n";
import { register } from "../shared/update";

followLanguage();
void register("/pass-sw.js", "/pass");
