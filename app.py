"""The whole application: a Streamlit script when it is run, the ASGI app around it when it is imported."""

if __name__ == "__main__":
    from reporting.app.navigation import draw

    draw()
else:
    from starlette.middleware import Middleware
    from streamlit import App

    from reporting.app.lifespan import lifespan
    from reporting.app.page_frame import PageLanguage
    from reporting.app.routes import EXCEPTION_HANDLERS, ROUTES
    from reporting.shell.ui_states import on_script_error
    from reporting.shell.web_middleware import LAYERS

    app = App(
        __file__,
        lifespan=lifespan,
        routes=ROUTES,
        middleware=[Middleware(layer) for layer in (*LAYERS, PageLanguage)],
        exception_handlers=EXCEPTION_HANDLERS,
        on_script_error=on_script_error,
    )
