// Applies the theme that was chosen on this device before the page is drawn.
const theme = localStorage.getItem("chatsite-theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
