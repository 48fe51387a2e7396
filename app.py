"""The whole application: a Streamlit script when it is run, the ASGI app around it when it is imported."""

if __name__ == "__main__":
    from reporting.ui.navigation import draw

    draw()
else:
    from starlette.middleware import Middleware
    from streamlit import App

    from reporting.ui.failure import on_script_error
    from reporting.web.lifespan import lifespan
    from reporting.web.middleware import CompressedBundles, CountAndLog, SecurityHeaders
    from reporting.web.routes import EXCEPTION_HANDLERS, ROUTES
    from reporting.web.shell import PageLanguage

    app = App(
        __file__,
        lifespan=lifespan,
        routes=ROUTES,
        middleware=[
            Middleware(CountAndLog),
            Middleware(SecurityHeaders),
            Middleware(CompressedBundles),
            Middleware(PageLanguage),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
        on_script_error=on_script_error,
    )
