// Relative URLs, so that the page works behind a path prefix.
export default { base: './' };
