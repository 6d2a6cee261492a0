// Before the page is drawn: the theme that was chosen on this device.
const theme = localStorage.getItem("chatsite-theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
