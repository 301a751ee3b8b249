import "../shared/base.css";
import "./ui/page.css";
import "./ui/sheets.css";
import "./ui/verdict.css";
import { render } from "preact";
import { followLanguage } from "../shared/i18n";
import { register } from "../shared/update";
import { createScanner, wedge } from "./camera";
import { createEngine } from "./engine";
import { App } from "./ui/app";
import { listenForTouch } from "./ui/feedback";
import { Model } from "./ui/model";
import { keepAwake } from "./ui/wakelock";

followLanguage();
listenForTouch();
keepAwake();
void register("/gate-sw.js", "/gate");

const model = new Model(createEngine(), createScanner());
model.screens.follow();
wedge(model.seen);
const root = document.getElementById("app");
if (root) {
	render(<App model={model} />, root);
}
void model.engine.start();
